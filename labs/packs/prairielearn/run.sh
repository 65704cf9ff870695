#!/bin/sh
# The entrypoint: grades /grade/student. When the grader itself has failed, the submission is not gradable, which
# costs the student no attempt.
root=${GRADE_ROOT:-/grade}
mkdir -p "$root/results"
sh "$root/tests/grader/grade.sh" "$root/student" prairielearn "$root/results/results.json"
if [ "$?" -gt 1 ]; then
  echo '{ "gradable": false, "format_errors": "The grader itself has failed: no fault of yours." }' \
    >"$root/results/results.json"
fi
exit 0
