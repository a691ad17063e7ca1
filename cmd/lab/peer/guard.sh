# Waits until its input ends, and then kills all processes that have $1 in
# their environment, and waits until they have ended (Z: nobody has asked yet).
read -r _
for try in 1 2 3 4 5 6 7 8 9 10; do
	pids=$(grep -lszxF "$1" /proc/[0-9]*/environ | cut -d/ -f3)
	[ -n "$pids" ] || exit 0
	kill -KILL $pids
	for pid in $pids; do
		while grep -qs '^State:[[:space:]][^ZX]' "/proc/$pid/status"; do sleep 0.01; done
	done
done
