"""Building a request, sending it under the address guard, and taking its answer."""
