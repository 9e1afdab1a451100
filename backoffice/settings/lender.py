"""The lender whose house this is: it signs the letters. Made up for demo and tests, from the environment otherwise."""

MADE_UP = {
    "name": "云溪网络小额贷款有限公司",
    "name_en": "Yunxi Online Microcredit Co., Ltd.",
    "department": "消费者权益保护部",
    "phone": "400-000-0000",
    "hours": "工作日9:00—18:00",
    "address": "上海市浦东新区示例路1号",
    "email": "",
}
