"""MGE2xx: files that are read and written."""

from __future__ import annotations

from .kind import Kind, Text

KINDS = (
    Kind(
        201,
        Text(
            "There is no such file",
            "A file or folder that the command names does not exist.",
            "The name is misspelled, is relative to another folder, or a pattern matches nothing.",
            "Look with `ls` at the folder that the hint names.",
        ),
        Text(
            "文件不存在",
            "命令中的文件或目录不存在。",
            "名字写错了，或者相对于另一个目录，或者通配符没有匹配到任何文件。",
            "用 `ls` 查看提示中的目录。",
        ),
    ),
    Kind(
        202,
        Text(
            "A file that cannot be read",
            "The file exists, and the system does not let mgeconvert read it.",
            "It is a folder, its permissions forbid it, or the disk or network failed.",
            "Look at the permissions with `ls -l`; the system's own reason is part of the message.",
        ),
        Text(
            "文件无法读取",
            "文件存在，但系统不允许 mgeconvert 读取。",
            "它是目录，或者没有权限，或者磁盘、网络出错。",
            "用 `ls -l` 查看权限；系统给出的原因就在错误信息里。",
        ),
    ),
    Kind(
        203,
        Text(
            "A source would be replaced",
            "The output would be written over a file that this run reads.",
            "The name derived for the output, or the one that was given, is that of the model, of its weights or"
            " of recorded arrays; links are followed.",
            "Give another name with -o, or --force if the source may go.",
        ),
        Text(
            "会覆盖源文件",
            "输出会写到本次运行所读取的文件上。",
            "推导出或指定的输出名正是模型、权重或记录数组的文件（链接也会追踪）。",
            "用 -o 换一个名字；如果源文件可以不要，加 --force。",
        ),
    ),
    Kind(
        204,
        Text(
            "A file that mgeconvert did not write stands there",
            "The output's name was not given, and under the derived name there is a file of somebody else.",
            "mgeconvert replaces only files that say that mgeconvert wrote them.",
            "Give a name with -o, or --force to replace the file.",
        ),
        Text(
            "同名文件不是 mgeconvert 写的",
            "没有指定输出名，而推导出的名字已经被别的文件占用。",
            "mgeconvert 只替换由它自己写的文件。",
            "用 -o 给出名字，或者用 --force 替换该文件。",
        ),
    ),
    Kind(
        205,
        Text(
            "The output cannot be written",
            "The system does not let the output be written; files that were there before are as they were.",
            "The folder does not exist, the name is that of a folder, something is write-protected, or the disk is"
            " full.",
            "Make the folder, give another name with -o, or make room.",
        ),
        Text(
            "输出无法写入",
            "系统不允许写入输出；原有文件保持不变。",
            "目录不存在，名字是一个目录，没有写权限，或者磁盘已满。",
            "创建目录，用 -o 换一个名字，或者腾出空间。",
        ),
    ),
    Kind(
        206,
        Text(
            "A name that does not fit the format",
            "The suffix of the output belongs to another format than the one that is written.",
            "A file under a wrong suffix would be read as something else later.",
            "Give a name that ends as the message says.",
        ),
        Text(
            "文件名与格式不符",
            "输出文件的后缀属于另一种格式。",
            "后缀不对的文件以后会被当成别的东西读取。",
            "给出以提示中的后缀结尾的名字。",
        ),
    ),
    Kind(
        207,
        Text(
            "Two outputs of one name",
            "Two models of one run would be written to the same file.",
            "Their file names are equal although their folders differ.",
            "Convert them into different folders, or give them different names (`name` in a manifest).",
        ),
        Text(
            "两个输出同名",
            "同一次运行中的两个模型会写到同一个文件。",
            "它们所在的目录不同，文件名却相同。",
            "写到不同的目录，或者换不同的名字（清单里的 `name`）。",
        ),
    ),
    Kind(
        208,
        Text(
            "Two files that do not belong together",
            "A model of two files (description and weights) is torn: they are of different runs.",
            "A run ended between the two files, or one of them was replaced or copied alone.",
            "Convert again, or take both files from the same place.",
        ),
        Text(
            "两个文件不配套",
            "由两个文件（描述和权重）组成的模型不完整：它们来自不同的运行。",
            "某次运行在两个文件之间中断，或者其中一个被单独替换或拷贝。",
            "重新转换，或者从同一个地方取得两个文件。",
        ),
    ),
    Kind(
        209,
        Text(
            "Too large for the format",
            "The model is larger than a file of the target format can be.",
            "TFLite and the readers of Caffe end at 2 GiB a file.",
            "Write float16 with --fp16, or `--split-weights 1000` for Caffe, or take ONNX, which keeps weights in a"
            " second file.",
        ),
        Text(
            "超过格式的上限",
            "模型比目标格式的一个文件所能容纳的还大。",
            "TFLite 和 Caffe 的读取程序每个文件最多 2 GiB。",
            "用 --fp16 写成 float16；Caffe 可以用 `--split-weights 1000`；或者改用 ONNX，它把权重放在第二个文件里。",
        ),
    ),
)
