"""What new customers will bring, when they buy a second time, and how long they stay."""
