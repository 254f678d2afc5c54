"""Adaptation of classifiers of feature vectors: the field's classic problems, without pixels."""
