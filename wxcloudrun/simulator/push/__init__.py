"""The simulator acting as WeChat towards the product: it calls the product's push URL."""
