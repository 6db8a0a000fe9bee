"""Names and inodes of files that were looked at stay in the slab."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.storage import ext4_image, mounted
from jinmaek.lab.make.work import make_files
from jinmaek.lab.readings import Readings

IMAGE = 128 * MIB
FOLDERS, FILES = 120, 200


def run(bench: Bench, readings: Readings) -> Answer:
    image = ext4_image(bench, IMAGE)
    folder, _, number = mounted(bench, image)
    before = readings.before()
    make_files(folder, FOLDERS, FILES)
    change = readings.during() - before
    bench.undo(number)
    back = readings.after() - before
    made = FOLDERS * FILES
    names, inodes = (
        change["slabinfo.active_objs{name=dentry}"],
        change["slabinfo.active_objs{name=ext4_inode_cache}"],
    )
    return answer(
        names > 0.9 * made and inodes > 0.9 * made and change["meminfo.SReclaimable"] > made * 512,
        "{count} new files added {names} objects to dentry and {inodes} to ext4_inode_cache, and {grown} "
        "to SReclaimable; when the file system was unmounted, all but {left} went",
        count=(made, "count"),
        names=(names, "count"),
        inodes=(inodes, "count"),
        grown=(change["meminfo.SReclaimable"], "bytes"),
        left=(back["meminfo.SReclaimable"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="memory.files-grow-slab",
    chapter=4,
    claim="Most used of the slab are dentry and inode_cache: where many files are accessed, made and "
    "removed, it grows",
    how="24,000 empty files are made on a file system of its own, which is then unmounted",
    run=run,
    needs=Needs(root=True, memory=128 * MIB, disk=IMAGE, tools=("mkfs.ext4",), files=("/proc/slabinfo",)),
    shows=(
        "slabinfo.active_objs{name=dentry}",
        "slabinfo.active_objs{name=ext4_inode_cache}",
        "meminfo.SReclaimable",
        "meminfo.SUnreclaim",
        "dentry_state.nr_dentry",
    ),
)
