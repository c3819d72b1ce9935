// The programs of the lab's own container images. Standard library only.
module porterlb.lab/programs

go 1.25.0
