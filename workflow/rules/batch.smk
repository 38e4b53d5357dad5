# A batch finds its own finished chunks again, so they are no outputs: what Snakemake does not
# know of, it does not delete when a job fails.
rule batch_part:
    """Some of the chunks of a batch."""
    output:
        "results/batch/{batch}/parts/{part}-of-{of}.json",
    log:
        "results/logs/batch/{batch}.{part}-of-{of}.log",
    benchmark:
        "results/benchmarks/batch/{batch}.{part}-of-{of}.tsv"
    wildcard_constraints:
        part=r"\d+",
        of=r"\d+",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    resources:
        mem_mb=plan.memory(2000),
    params:
        spec=lambda w: plan.spec_batch(experiment, w.batch),
        code=lambda w: plan.code_batch(experiment, w.batch),
    shell:
        "JAXDA_DEVICES={threads} jaxda batch {wildcards.batch:q} -c {params.spec:q} -p {wildcards.part}/{wildcards.of} "
        "-r results 2> {log:q}"


rule batch:
    """The chunks of a batch that are missing, and the table of all its cells."""
    input:
        lambda w: plan.batch_parts(experiment, results, w.batch),
    output:
        cells="results/batch/{batch}/cells.parquet",
        facts="results/batch/{batch}/batch.json",
    log:
        "results/logs/batch/{batch}.log",
    benchmark:
        "results/benchmarks/batch/{batch}.tsv"
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    resources:
        mem_mb=plan.memory(2000),
    params:
        spec=lambda w: plan.spec_batch(experiment, w.batch),
        code=lambda w: plan.code_batch(experiment, w.batch),
    shell:
        "JAXDA_DEVICES={threads} jaxda batch {wildcards.batch:q} -c {params.spec:q} -r results 2> {log:q}"


rule batches:
    input:
        plan.batch_outputs(experiment, results),
