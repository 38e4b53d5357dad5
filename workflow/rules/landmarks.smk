rule landmark:
    """A known result, measured on the models, and drawn."""
    output:
        svg=report(
            "results/gallery/{landmark}.svg",
            caption="../report/landmark.rst",
            category="Landmarks",
            labels={"landmark": "{landmark}"},
        ),
        png="results/gallery/{landmark}.png",
        measured="results/gallery/{landmark}.json",
    log:
        "results/logs/landmark/{landmark}.log",
    wildcard_constraints:
        landmark="|".join(plan.pictured(plan.gallery(experiment))) or "none",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    resources:
        mem_mb=plan.memory(2000),
    params:
        code=lambda w: plan.code_landmark(w.landmark),
    shell:
        "jaxda measure {wildcards.landmark:q} -r results 2> {log:q}"


use rule landmark as check with:
    output:
        "results/gallery/{landmark}.json",
    wildcard_constraints:
        landmark="|".join(
            sorted(set(plan.gallery(experiment)) - set(plan.pictured(plan.gallery(experiment))))
        )
        or "none",


rule gallery:
    """One page of all landmarks that opens offline."""
    input:
        [results.landmark(n, "json") for n in plan.gallery(experiment)],
        [results.landmark(n, "svg") for n in plan.pictured(plan.gallery(experiment))],
    output:
        report(
            "results/gallery.html",
            caption="../report/gallery.rst",
            category="0 Overview",
            labels={"page": "gallery"},
        ),
    log:
        "results/logs/gallery.log",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    params:
        spec=lambda w: plan.spec_report(experiment),
        code=plan.code_report(),
    shell:
        "jaxda gallery -c {params.spec:q} -r results 2> {log:q}"
