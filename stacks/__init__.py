"""What differs between stacks: settings, and the budgets that follow from them."""
