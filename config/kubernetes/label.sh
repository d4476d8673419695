#!/bin/sh
# Sets the label electiond-role=leader on this pod while its node leads, and on no other pod of APP:
#   electionctl --endpoint 127.0.0.1:7400 watch --exec 'exec sh label.sh'
# POD_NAME is this pod. The pods have the label app=$APP. The label is for routing only: it changes a moment after
# leadership.
: "${APP:?is not set}" "${POD_NAME:?is not set}"
label=electiond-role

# Retries until kubectl succeeds, because the API server may be down. electionctl ends this script if leadership ends.
must() {
    until kubectl --request-timeout=5s "$@"; do sleep 1; done
}

if [ "$ELECTIOND_EVENT" = leader ]; then
    # A pod that led, and whose machine is lost, still has its label.
    must label pods --selector="app=$APP,$label=leader,statefulset.kubernetes.io/pod-name!=$POD_NAME" "$label-"
    must label pods "$POD_NAME" --overwrite "$label=leader"
else
    must label pods "$POD_NAME" "$label-"
fi
