"""What the product does with WeChat besides login: codes and links, messages, pushes."""
