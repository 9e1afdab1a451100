"""What people write when they complain, and what handlers answer: fragments from which the demo makes its texts.

``{day}`` ``{time}`` ``{count}`` ``{amount}`` ``{agency}`` are filled with the facts of the very complaint. Invented,
like everybody in the demo.
"""

from __future__ import annotations

OPENINGS = (
    "你好，我要投诉。",
    "我是你们的老客户了，",
    "实在没办法了才来投诉：",
    "我想反映一个情况，",
    "麻烦你们管一管，",
    "我已经打过三次客服电话都没人管，",
    "",
    "",
    "说真的我很生气，",
    "您好，本人就贷款催收一事投诉如下：",
)
#: Category → what happened, in the complainant's words.
HAPPENED: dict[str, tuple[str, ...]] = {
    "collection.night_calls": (
        "{day}{time}还给我打催收电话，孩子都睡了，吓得一家人不敢接电话。",
        "{day}晚上{time}，{agency}的人打电话来催款，半夜三更的，有没有规矩？",
        "你们委托的{agency}{day}{time}打来电话，我已经休息了，手机一直响。",
    ),
    "collection.too_many_calls": (
        "{day}一天打了{count}个电话，上班都没法上，同事都看我。",
        "从早打到晚，{day}当天就接了{count}通，说了多少遍月底发工资就还。",
        "{agency}换着号码打，{day}我数了一下，{count}次。",
    ),
    "collection.third_person_told": (
        "{day}把电话打到我同事那里，说我欠钱不还，现在单位的人都知道了。",
        "催收给我表姐打电话，把我欠{amount}元的事全说了，我以后怎么做人？",
        "{day}他们联系我室友，直接问“他欠我们的钱什么时候还”。",
    ),
    "collection.contacts_harassed": (
        "一直给我父母打电话，老人有高血压，{day}被吓得去了医院。",
        "我没有失联，电话一直通，为什么要打我联系人的电话？{day}又打了{count}次。",
    ),
    "collection.workplace": (
        "{day}电话打到公司前台，说找我谈欠款，领导找我谈话了。",
        "催收员说明天到我单位去找我，还真的打到了单位座机。",
    ),
    "collection.threat": (
        "{agency}的人{day}说“不还就让你坐牢，明天派人去你家”，这是恐吓吧？",
        "电话里威胁我，说要把我的照片发到村里的群里。时间是{day}{time}。",
    ),
    "collection.insult": (
        "{day}{time}的电话里骂我是老赖、不要脸，我有录音。",
        "催收员态度极差，张口就骂人，工号也不肯说。",
    ),
    "collection.impersonation": (
        "{day}来电自称是法院的，说已经立案要冻结我的账户，我查了根本没有这个案子。",
    ),
    "collection.stop_ignored": ("我{day}已经明确说不要再打这个号码，第二天照打不误。",),
    "repayment.instalments_refused": (
        "我不是不还，一次性拿不出{amount}元，申请分期你们说不行，只让我全额还。",
        "公司裁员，我失业两个月了，想把{amount}元分12期还，客服说系统不支持。",
    ),
    "repayment.deferral_refused": (
        "家里老人住院，想延期两个月，提交了材料没有人理。",
        "生意不好，申请延期一个月被拒绝，连理由都没有。",
    ),
    "repayment.early": ("我想提前结清，页面一直提示“系统繁忙”，利息却天天在算。",),
    "repayment.posting": ("{day}已经还了{amount}元，银行都扣款成功了，你们系统还显示逾期。",),
    "repayment.deduction": ("{day}同一期扣了我两次钱，合计{amount}元，要求退回。",),
    "leak.by_collection": ("陌生人加我微信，知道我的身份证号和借款{amount}元，信息肯定是从你们这里出去的。",),
    "leak.published": ("有人在短视频评论区发了我的姓名和欠款，说是{agency}的人。",),
    "bureau.wrong_record": ("我{day}已结清，征信上还是显示逾期，影响我办房贷。",),
    "bureau.no_notice": ("从没通知过我要上征信，一查报告多了一条逾期记录。",),
    "pricing.penalty": ("罚息算得不对，按合同应该没有{amount}元这么多，请给我明细。",),
    "pricing.amount": ("你们说我还欠{amount}元，我自己算只有一半，对不上账。",),
    "pricing.fee": ("还款里多出一笔{amount}元的“服务费”，借款时从没说过。",),
    "terms.not_shown": ("借款的时候合同一闪就过去了，根本没让我看违约条款。",),
    "service.unreachable": ("客服电话打了一上午，全是机器人，转不到人工。",),
    "service.slow": ("上次反映的问题说三个工作日回复，{day}到现在没有消息。",),
    "not_my_loan.identity_theft": ("我从来没在你们这里借过钱，身份证去年丢过，肯定是被人冒用了。",),
    "not_my_loan.wrong_person": ("这个号码是我新办的，你们一直打来找前机主，{day}打了{count}次。",),
    "other.other": ("我想了解一下我的贷款现在归谁管，问了几次说法都不一样。",),
}
FEELINGS = (
    "我愿意还，但是请你们文明一点。",
    "希望尽快给我一个说法。",
    "不然我就打12378投诉。",
    "已经严重影响我的生活和工作。",
    "请按规定处理并书面答复我。",
    "",
    "",
    "我这边有通话记录和截图可以提供。",
    "我不是恶意逃债，确实遇到了困难。",
)
#: Root of a category → (what is wanted, our answer, whether money is asked for).
WANTED: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "collection": (
        ("停止夜间和单位联系", "已停止相关催收人员经办，电话渠道暂停使用。", False),
        ("书面道歉", "随本决定书向您致歉。", False),
        ("更换催收人员", "已安排更换经办人员，并对其进行合规培训。", False),
        ("赔偿精神损失", "经核查，未发现造成损失的证据；已就不当行为向您致歉。", True),
    ),
    "repayment": (
        ("分期偿还", "同意按您的还款能力分期，具体方案另行签署。", True),
        ("延期两个月还款", "同意延期，期间不计收罚息。", False),
        ("退回多扣的款项", "已核实并原路退回。", True),
    ),
    "leak": (("查明信息从哪里泄露", "已启动核查，查阅记录显示的情况见处理意见。", False),),
    "bureau": (("更正征信记录", "已核对还款流水并提交更正。", False),),
    "pricing": (("退还多收的费用", "已重新核算，多收部分予以退还。", True),),
    "terms": (("提供借款合同全文", "合同全文已发送至您预留的邮箱。", False),),
    "service": (("给出明确答复", "就您反映的事项答复如下，并就延误致歉。", False),),
    "not_my_loan": (("停止催收并核查是否冒名", "已停止催收，移交反欺诈部门核查。", False),),
    "other": (("说明贷款管理机构", "您的贷款由我公司管理，委托机构信息已告知。", False),),
}
REASONS: dict[str, tuple[str, ...]] = {
    "substantiated": (
        "经调取通话录音与系统记录，您反映的情况属实，相关人员的行为不符合催收工作规范。",
        "系统通话记录显示的时间与次数与您所述一致，超出了规定的时段或次数。",
    ),
    "not_substantiated": (
        "经核查全部联系记录与录音，未发现您所述的情形。",
        "系统记录显示相关联系均在规定时段内，且未提及您所述内容。",
    ),
    "undetermined": (
        "您提供的号码不在我公司及委托机构的外呼号码内，现有材料不足以认定该联系由我方发起。",
        "录音因线路原因缺失，现有证据不足以认定。",
    ),
}
BASES = (
    "《个人消费类贷款催收工作指引（试行）》关于催收时段的规定；《民法典》第一千零三十二条。",
    "《银行业保险业消费投诉处理管理办法》；GB/T 45251—2025第5.3条。",
    "借款合同第四条、第五条及我公司投诉处理制度。",
)
NOTES = (
    "已调取近三十日联系记录，待质检复听录音。",
    "客户情绪激动，回拨时注意安抚。",
    "已请贷款组评估还款能力。",
    "核对外呼号码，其中一个不在我司号段内。",
    "客户称可提供截图，已短信告知上传方式。",
)
CALLS = (
    ("已核实身份，客户补充了来电时间，表示愿意分期。", "三个工作日内回电告知进展"),
    ("告知受理情况与办理期限，客户要求书面答复。", ""),
    ("客户确认诉求为停止夜间来电并致歉。", "结案前再联系一次"),
)
NOT_ADMITTED = ("enquiry", "no_mandate", "in_court", "unidentifiable")
