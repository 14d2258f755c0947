"""Secrets and personal data become stable pseudonyms: the rules, the policy, the prefilter over blocks, the sealed mapping."""
