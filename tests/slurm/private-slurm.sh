#!/usr/bin/env bash
# A Slurm of one node for tests, without systemd, cgroups or accounting. Needs root and
#     apt-get install -y --no-install-recommends slurm-wlm munge
# Usage: private-slurm.sh start|stop FOLDER     FOLDER is absolute and short (it holds sockets)
set -euo pipefail

action=${1:?start or stop} folder=${2:?a folder}
etc=/etc/slurm
# Jobs lose the environment, so the daemons' files must lie where Slurm looks for them.
files=(slurm.conf gres.conf)

ours() { [ "$(readlink "$etc/$1" 2>/dev/null)" = "$folder/$1" ]; }

stop() {
    if ours slurm.conf; then
        scancel --user=root 2>/dev/null || true
    fi
    local daemon pid
    for daemon in slurmd slurmctld munged; do
        pid=$(cat "$folder/$daemon.pid" 2>/dev/null) || continue
        [ -n "$pid" ] || continue
        kill "$pid" 2>/dev/null || continue
        for _ in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
    done
    local file
    for file in "${files[@]}"; do
        if ours "$file"; then rm -f "$etc/$file"; fi
    done
}

start() {
    local tool file
    for tool in munged slurmctld slurmd sbatch squeue; do
        command -v "$tool" >/dev/null || { echo "no $tool: install slurm-wlm and munge" >&2; exit 3; }
    done
    [ "$(id -u)" = 0 ] || { echo "only root can start it" >&2; exit 3; }
    for file in "${files[@]}"; do
        if [ -e "$etc/$file" ] && ! ours "$file"; then
            echo "$etc/$file belongs to another Slurm" >&2
            exit 4
        fi
    done
    mkdir -p "$folder/state" "$folder/spool" "$etc"
    # munged refuses a socket in a folder that others cannot enter.
    chmod 0755 "$folder"
    head -c 1024 /dev/urandom >"$folder/munge.key"
    chmod 0400 "$folder/munge.key"
    local host cpus memory
    host=$(hostname -s) cpus=$(nproc)
    memory=$(awk '/MemTotal/ { print int($2 / 1024 * 0.9) }' /proc/meminfo)
    cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
# Without cgroups memory is looked at once a second, and who has too much is killed.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
MinJobAge=86400
KillWait=2
ReturnToService=2
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
    # No card: it counts what asks for one.
    echo "NodeName=$host Name=gpu File=/dev/zero" >"$folder/gres.conf"
    for file in "${files[@]}"; do ln -sfn "$folder/$file" "$etc/$file"; done
    trap 'stop; tail -n 20 "$folder"/*.log >&2 || true' ERR
    munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
        --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/seed"
    slurmctld -i
    slurmd -N "$host"
    for _ in $(seq 100); do
        case $(sinfo --noheader --format=%t 2>/dev/null) in
            idle) return ;;
            down* | drain*) scontrol update "nodename=$host" state=resume || true ;;
        esac
        sleep 0.2
    done
    echo "the node did not become idle" >&2
    stop
    tail -n 20 "$folder"/*.log >&2
    exit 1
}

case $action in
    start) start ;;
    stop) stop ;;
    *) echo "start or stop, not $action" >&2; exit 2 ;;
esac
