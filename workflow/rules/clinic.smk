rule condition:
    """One condition held against its control, on the same individuals."""
    output:
        "results/clinic/{condition}.json",
    log:
        "results/logs/condition/{condition}.log",
    wildcard_constraints:
        condition="|".join(plan.conditions(experiment)) or "none",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    resources:
        mem_mb=plan.memory(2000),
    params:
        spec=lambda w: plan.spec_condition(experiment, w.condition),
        code=lambda w: plan.code_condition(plan.conditions(experiment)[w.condition]),
    shell:
        "jaxda condition {wildcards.condition:q} -t {params.spec:q} -r results 2> {log:q}"


rule clinic_page:
    """One page of all conditions that opens offline, and the same as a table."""
    input:
        [results.condition(n) for n in plan.conditions(experiment)],
    output:
        page=report(
            "results/clinic.html",
            caption="../report/clinic.rst",
            category="0 Overview",
            labels={"page": "clinic"},
        ),
        table="results/clinic.csv",
    log:
        "results/logs/clinic.log",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    params:
        spec=lambda w: plan.spec_report(experiment),
        code=plan.code_report(),
    shell:
        "jaxda clinic -c {params.spec:q} -r results 2> {log:q}"


rule verdict:
    """Fails where a sign is wrong, with the page already written."""
    input:
        conditions=[results.condition(n) for n in plan.conditions(experiment)],
        page=rules.clinic_page.output.page,
    output:
        "results/clinic/verdict.txt",
    log:
        "results/logs/verdict.log",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    params:
        spec=lambda w: plan.spec_report(experiment),
        code=plan.code_report(),
    shell:
        "jaxda verdict -c {params.spec:q} -r results > {log:q} 2>&1"


rule clinic:
    input:
        rules.verdict.output,
