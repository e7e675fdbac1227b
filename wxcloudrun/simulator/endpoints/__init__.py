"""The simulated endpoints of api.weixin.qq.com, one file for each subject."""
