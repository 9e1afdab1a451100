from oauth2_provider.oauth2_validators import OAuth2Validator


class ClientSecretValidator(OAuth2Validator):
    pass
