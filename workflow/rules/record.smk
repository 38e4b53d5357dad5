# A run that was killed leaves locks and half-written files; jobs that a run starts read this
# file again, and are no runs.
if workflow.is_main_process:
    turns.begin_run(results.root)


rule provenance:
    """The configuration as merged, versions, source, seeds and machine."""
    output:
        "results/provenance.json",
    log:
        "results/logs/provenance.log",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    params:
        spec=lambda w: plan.spec_report(experiment),
        code=plan.code_provenance(),
        files=plan.read_from(config, workflow.configfiles),
    shell:
        "jaxda provenance -c {params.spec:q} -r results {params.files:q} 2> {log:q}"


rule manifest:
    """The checksum of every result, and what made it."""
    input:
        rules.report.output,
        rules.provenance.output,
        [results.figure(f, "png") for f in experiment.figures],
        [results.landmark(n, "png") for n in plan.pictured(plan.gallery(experiment))],
    output:
        "results/manifest.json",
    log:
        "results/logs/manifest.log",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    params:
        spec=lambda w: plan.spec_report(experiment),
        code=plan.code_manifest(),
    shell:
        "jaxda manifest -c {params.spec:q} -r results 2> {log:q}"
