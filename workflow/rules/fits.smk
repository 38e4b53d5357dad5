rule fit:
    """One candidate fitted to every subject and dose of one source, or its blocks joined."""
    input:
        sessions="results/{scenario}/{source}/sessions.parquet",
        truth=lambda w: [] if w.source == DATA else results.truth(w.scenario, w.source),
        # In one block there is nothing to join.
        blocks=lambda w: plan.block_files(experiment, results, w.scenario, w.source, w.model),
    output:
        "results/{scenario}/{source}/fits/{model}.parquet",
    log:
        "results/logs/fit/{scenario}.{source}.{model}.log",
    benchmark:
        "results/benchmarks/fit/{scenario}.{source}.{model}.tsv"
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    resources:
        mem_mb=plan.memory(2000),
    params:
        spec=lambda w: plan.spec_fit(experiment, w.scenario, w.source, w.model),
        code=lambda w: plan.code_fit(experiment, w.model),
    shell:
        "JAXDA_DEVICES={threads} jaxda fit -c {params.spec:q} -s {wildcards.scenario:q} -m {wildcards.source:q} "
        "-k {wildcards.model:q} -r results {input.blocks:q} 2> {log:q}"


# Then there is little to do.
if experiment.fit.blocks > 1:

    localrules:
        fit,


rule fit_block:
    """One candidate fitted to a block of subjects, for a cluster."""
    input:
        sessions="results/{scenario}/{source}/sessions.parquet",
        truth=lambda w: [] if w.source == DATA else results.truth(w.scenario, w.source),
    output:
        temp("results/{scenario}/{source}/fits/{model}/{block}-of-{blocks}.parquet"),
    log:
        "results/logs/fit/{scenario}.{source}.{model}.{block}-of-{blocks}.log",
    benchmark:
        "results/benchmarks/fit/{scenario}.{source}.{model}.{block}-of-{blocks}.tsv"
    wildcard_constraints:
        block=r"[1-9][0-9]*",
        blocks=r"[1-9][0-9]*",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    resources:
        mem_mb=plan.memory(2000),
    params:
        spec=lambda w: plan.spec_fit(experiment, w.scenario, w.source, w.model),
        code=lambda w: plan.code_fit(experiment, w.model),
    shell:
        "JAXDA_DEVICES={threads} jaxda fit -c {params.spec:q} -s {wildcards.scenario:q} -m {wildcards.source:q} "
        "-k {wildcards.model:q} -b {wildcards.block}/{wildcards.blocks} -r results 2> {log:q}"


rule dose:
    """The dose of every simulated patient, the other parameters being known."""
    input:
        sessions="results/{scenario}/{source}/sessions.parquet",
        truth="results/{scenario}/{source}/truth.parquet",
    output:
        "results/{scenario}/{source}/dose.parquet",
    log:
        "results/logs/dose/{scenario}.{source}.log",
    benchmark:
        "results/benchmarks/dose/{scenario}.{source}.tsv"
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    resources:
        mem_mb=plan.memory(2000),
    params:
        spec=lambda w: plan.spec_dose(experiment, w.scenario, w.source),
        code=lambda w: plan.code_dose(experiment, w.scenario, w.source),
    shell:
        "JAXDA_DEVICES={threads} jaxda dose -c {params.spec:q} -s {wildcards.scenario:q} -m {wildcards.source:q} "
        "-r results 2> {log:q}"


rule compare:
    """Candidates against each other, and against the truth where it is known."""
    input:
        lambda w: [
            results.fits(w.scenario, source, model)
            for source in plan.sources(experiment, w.scenario)
            for model in plan.candidates(experiment, w.scenario)
        ],
    output:
        comparison="results/{scenario}/comparison.parquet",
        confusion="results/{scenario}/confusion.parquet",
        recovery="results/{scenario}/recovery.parquet",
    log:
        "results/logs/compare/{scenario}.log",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    params:
        spec=lambda w: plan.spec_compare(experiment, w.scenario),
        code=plan.code_compare(),
    shell:
        "jaxda compare -c {params.spec:q} -s {wildcards.scenario:q} -r results 2> {log:q}"
