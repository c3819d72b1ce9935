#!/bin/sh
# The first process of a kernel in user mode, which sees this machine's files as they are and may change none of them. Has the
# kernel learn $MODULES, runs $PROGRAM under the Node.js $NODE with the first serial line as its standard input and output, and
# turns the kernel off when that ends, as it does when nobody is at the line's other end any more.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
# modprobe looks for lib/modules/<release> there.
mkdir -p /run/modules/lib
ln -s /usr/lib/uml/modules /run/modules/lib/modules
modprobe -d /run/modules -a $MODULES
# Open from here to the end: what comes in while nobody has it open would be lost, and the other end waits for the greeting.
exec </dev/ttyS0 >/dev/ttyS0
stty raw -echo
echo ready
"$NODE" --disable-warning=ExperimentalWarning "$PROGRAM"
echo o >/proc/sysrq-trigger
sleep 60
