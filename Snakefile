# The door for `snakemake` in this folder; the rules live in workflow/.
include: "workflow/Snakefile"


# An included file never carries the default target: without this rule a bare `snakemake`
# would find nothing to do.
rule default:
    default_target: True
    input:
        rules.all.input,
