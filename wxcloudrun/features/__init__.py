"""The product: one package a feature, each with the same files in the order of the flow."""
