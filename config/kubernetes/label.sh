#!/bin/sh
# Labels this pod electiond-role=leader while its node leads, and no other pod of APP:
#   electionctl --endpoint 127.0.0.1:7400 watch --exec 'exec sh label.sh'
# POD_NAME is this pod. The pods have the label app=$APP. The label is for routing only: it is late by a moment.
label=electiond-role

# Again until it works: the API server may be away. electionctl ends this script if the lead is over meanwhile.
must() {
    until kubectl --request-timeout=5s "$@"; do sleep 1; done
}

if [ "$ELECTIOND_EVENT" = leader ]; then
    # A leader that lost its machine still has its label.
    must label pods --selector="app=$APP,$label=leader,statefulset.kubernetes.io/pod-name!=$POD_NAME" "$label-"
    must label pods "$POD_NAME" --overwrite "$label=leader"
else
    must label pods "$POD_NAME" "$label-"
fi
