"""What a few labels, the names of the classes and unlabelled texts say together: experts, each linear in the features
of a text, and how much each is believed. What `few_labels`, `zero_shot` and `auto` of the strategies share.
"""
