"""People: their profile, phone, avatar and verification, and how administrators look after them."""
