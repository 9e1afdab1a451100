from unfold.sites import UnfoldAdminSite


class BackofficeAdminSite(UnfoldAdminSite):
    pass
