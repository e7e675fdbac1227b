"""Details of refusals, and warnings, in Chinese: each English sentence as it is written, `{}` for what varies.

What stands here is what people meet: shapes of input, and what cases, datasets, scenarios, environments and the
engine's checks say most often. A sentence that is not here stays English; a test finds those of the features that are
missing.
"""

import functools
import re
from typing import Final

_LONGEST: Final = 400  # characters; what is longer holds much of somebody's own text, and stays as it is
_CLOSEST: Final = "; closest: "
_MEANT: Final = re.compile(r"(.+); did you mean `([^`]*)`\?", re.DOTALL)
_NEEDING: Final = re.compile(r"(`[^`]*`) needs (`[^`]*`): (.+)", re.DOTALL)
_PLACE: Final = re.compile(r"([^\s:]+): (.+)", re.DOTALL)

_ZH: Final = {
    # core/faults.py
    "this field is needed": "此字段必填",
    "give it once": "请只写一次",
    "nothing is kept here that `is_set` could stand for; send the value itself": "这里没有已保存的值可供 `is_set` 代表，请直接填写值",  # noqa: E501 - stands together
    "name a member of the project": "请填写项目成员",
    "name another project": "请选择另一个项目",
    "leave `sort` or `q` out": "`sort` 与 `q` 只能用一个",
    "send it as it was given, or leave it out": "请按原样发送，或去掉",
    "1 to 255 ASCII characters without blanks": "应为 1 到 255 个 ASCII 字符，不含空白",
    "the scenario declares no such input; leave it out": "场景没有声明该输入，请去掉",
    "make it shorter": "请缩短",
    "take the NUL character out": "请去掉 NUL 字符",
    "send something that is not empty": "请发送非空内容",
    "write one of {}": "请填写以下之一：{}",
    "a text is expected": "应为文本",
    "at most {} characters": "最多 {} 个字符",
    "at least {} characters": "至少 {} 个字符",
    "the text has to fit {}": "文本须符合 {}",
    "a whole number is expected": "应为整数",
    "true or false is expected": "应为 true 或 false",
    "a list is expected": "应为列表",
    "an object is expected": "应为对象",
    "at most {} entries": "最多 {} 项",
    "at least {} entries": "至少 {} 项",
    "{} or more": "不小于 {}",
    "{} at most": "不大于 {}",
    "there is no field of this name here": "这里没有该名称的字段",
    "one line without control characters, and no blank at either end": "须为一行，不含控制字符，首尾不能有空白",
    "one line without control characters": "须为一行，不含控制字符",
    "there may be no NUL character in it": "不能含有 NUL 字符",
    # runs
    "give one of {}": "请给出以下之一：{}",
    "`dataset` goes with `case_id`": "`dataset` 须与 `case_id` 一起使用",
    # cases
    "at most {} bytes of JSON altogether": "JSON 合计最多 {} 字节",
    "at most {} altogether": "合计最多 {} 个",
    "at most {} characters altogether": "合计最多 {} 个字符",
    "an array or an object is expected": "应为数组或对象",
    "write it in `auth`, `query`, `headers` or `cookies`": "请写到 `auth`、`query`、`headers` 或 `cookies` 中",
    "a secret value is one text; write the credential alone, and put it together where it is used": "敏感值须为单个文本；请只写凭证，在使用处再拼接",  # noqa: E501 - stands together
    "what is secret takes no default; let a variable of type secret give it": "敏感项不能有默认值，请用 secret 类型的变量提供",  # noqa: E501 - stands together
    "expected values refer to one another in a circle": "预期值互相循环引用",
    "the project has no file {}; upload it first": "项目中没有文件 {}，请先上传",
    # scenarios
    "a step of kind `{}` has no `{}`; leave it out": "`{}` 类型的步骤没有 `{}`，请去掉",
    "a step of kind `{}` needs `{}`": "`{}` 类型的步骤需要 `{}`",
    "say how many milliseconds to wait": "请填写等待的毫秒数",
    "use `auth`, or a secret variable": "请使用 `auth` 或敏感变量",
    "what stands there is of the phase `{}`; leave `phase` out": "那里的步骤属于阶段 `{}`，请去掉 `phase`",
    "name one place: `before`, `after`, or `to` with `parent_id` or `phase`": "请只给出一个位置：`before`、`after`，或 `to` 加 `parent_id` 或 `phase`",  # noqa: E501 - stands together
    "only its creator and the project's owners choose where a `creator_only` case is sent; copy the case": "仅创建者与项目所有者可以决定 `creator_only` 用例发往哪里，请复制该用例",  # noqa: E501 - stands together
    # what cases, scenarios and runs are warned of
    "nothing above this step gives `{}` a value": "此步骤之前没有任何地方给 `{}` 赋值",
    "nothing makes the output `{}`": "没有步骤产生输出 `{}`",
    "nothing makes its output `{}`": "没有步骤产生其输出 `{}`",
    "scenario `{}`: nothing makes its output `{}`": "场景 `{}`：没有步骤产生其输出 `{}`",
    "there is nothing to run": "没有可运行的步骤",
    "the variable `{}` stands for a credential that stayed behind; give it a value": "变量 `{}` 代表未随之复制的凭证，请为其赋值",  # noqa: E501 - stands together
    "the file stayed behind; choose another one": "文件未随之复制，请另选一个",
    "its credentials go where editors let the environment's base URL point; write a whole URL": "其凭证会发往编辑者所设环境 base URL 指向的地方，请填写完整 URL",  # noqa: E501 - stands together
    "something in a private case of somebody else may not work here; ask its creator": "他人私有用例中的某处在这里可能无法运行，请询问其创建者",  # noqa: E501 - stands together
    "the case has no dataset of this key": "用例没有该 key 的数据集",
    "this dataset is disabled": "该数据集已停用",
    "mode `{}` needs datasets, and the case has none": "模式 `{}` 需要数据集，而用例没有",
    "the case was moved to another project; choose another one, or disable the step": "用例已移到其他项目，请另选用例或停用该步骤",  # noqa: E501 - stands together
    "the case is in the trash": "用例在回收站中",
    "the case is deprecated": "用例已废弃",
    "only the case's creator and the project's owners see it": "仅用例的创建者与项目所有者可见",
    "only the case's creator may run it": "仅用例的创建者可以运行",
    "the scenario is in the trash": "场景在回收站中",
    "the scenario needs the input `{}`": "场景需要输入 `{}`",
    # schedules
    "five fields are needed ({}), there are {}": "需要五个字段（{}），现有 {} 个",
    "field {} of 5, {}, is not usable": "五个字段中的第 {} 个（{}）不可用",
    "there is no such day": "不存在这样的日期",
    "an IANA name is needed, such as Asia/Shanghai": "需要 IANA 时区名称，例如 Asia/Shanghai",
    # datasets
    "only a case names files by number; write `{{name}}` and give the number as a variable": "只有用例可以按编号引用文件；请写 `{{name}}`，并用变量给出编号",  # noqa: E501 - stands together
    "send `before`, `after` or `to`": "请发送 `before`、`after` 或 `to`",
    "the case has no dataset of this number": "用例没有该编号的数据集",
    "there is nothing but, perhaps, a header": "除表头外没有内容",
    "at most {} in all rows together": "所有行合计最多 {} 个",
    "save it as UTF-8": "请保存为 UTF-8",
    "at most {}": "最多 {}",
    "a list of objects is expected": "应为对象列表",
    "line {}: the header has {} columns, this row {}": "第 {} 行：表头有 {} 列，本行有 {} 列",
    "a merge needs `key` or `name` in each row": "合并时每行都需要 `key` 或 `name`",
    "the case has a dataset of this key; use the mode `merge`": "用例已有该 key 的数据集，请使用 `merge` 模式",
    "write `{}?` where an empty cell shall be null": "若空单元格表示 null，请写 `{}?`",
    "`{}` is there already": "`{}` 已存在",
    "`{}` and `{}` cannot both be given": "`{}` 与 `{}` 不能同时给出",
    "the types are {}": "类型有：{}",
    "the column has no name": "该列没有名称",
    "`{}` is a {}": "`{}` 是 {}",
    "`{}` needs a name behind the dot": "`{}` 的点号后需要名称",
    "names with dots between them are expected, at most {}": "应为点号分隔的名称，最多 {} 层",
    "numbers are written as in JSON: 12, -0.5, 1e3; text stays text without a type": "数字按 JSON 书写：12、-0.5、1e3；不写类型则保持文本",  # noqa: E501 - stands together
    "write true or false": "请写 true 或 false",
    "the cell is no JSON": "该单元格不是 JSON",
    # environments
    "write http://host:port, https://host:port or socks5://host:port": "请写 http://host:port、https://host:port 或 socks5://host:port",  # noqa: E501 - stands together
    # the engine
    "this field is missing": "缺少此字段",
    "expected {}, got {}": "应为 {}，实际为 {}",
    "the number must be at least {}": "数字不能小于 {}",
    "the number must be greater than {}": "数字须大于 {}",
    "the number must be at most {}": "数字不能大于 {}",
    "the number must be less than {}": "数字须小于 {}",
    "the text must have at least {} characters": "文本至少 {} 个字符",
    "the text must have at least {} character": "文本至少 {} 个字符",
    "the text must have at most {} characters": "文本最多 {} 个字符",
    "at least {} entries are needed": "至少需要 {} 项",
    "at most {} entries are allowed": "最多允许 {} 项",
    "not JSON: {}": "不是 JSON：{}",
    "there is no field `{}` here": "这里没有字段 `{}`",
    "there is no field `{}` here; there are {}": "这里没有字段 `{}`；可用字段：{}",
    "{} is none of {}": "{} 不在以下之列：{}",
    "{} is not {}, which it must be": "{} 不是必须的 {}",
    "a name begins with a letter or `_`; letters, digits, `_`, `-` and `.` follow": "名称以字母或 `_` 开头，其后可用字母、数字、`_`、`-`、`.`",  # noqa: E501 - stands together
    "the text does not fit the pattern {}": "文本不符合格式 {}",
    "mode `{}` needs the dataset's `key`": "模式 `{}` 需要数据集的 `key`",
    "`{{` is not closed; write `\\{{` for the braces themselves": "`{{` 没有闭合；若要花括号本身，请写 `\\{{`",
    "the expression ends too early": "表达式不完整",
    "`{}` is not a filter; write its name after `|`": "`{}` 不是过滤器；请在 `|` 后写过滤器名称",
    "there is no filter {}": "没有过滤器 {}",
    "there is no dynamic variable `{}`": "没有动态变量 `{}`",
    "values refer to one another in a circle": "值互相循环引用",
    "values refer to one another in a circle: {}": "值互相循环引用：{}",
    "an expression names variables without braces": "表达式中的变量不加花括号",
    "a list is expected, or one placeholder that gives a list": "应为列表，或一个给出列表的占位符",
    "two datasets have the key `{}`": "有两个数据集的 key 同为 `{}`",
    "the expected value is no JSON (NaN, infinity, or nested too deep)": "预期值不是 JSON（NaN、无穷大或嵌套过深）",
    "between takes an array of two: [least, most]": "between 需要两个元素的数组：[最小, 最大]",
    "both ends of between are numbers, or both are texts": "between 的两端须同为数字或同为文本",
    "between takes the smaller end first: [least, most]": "between 须先写较小的一端：[最小, 最大]",
    "in takes an array, a text or an object": "in 需要数组、文本或对象",
    "type takes one or several of {}": "type 需要以下一种或几种：{}",
    "length takes a whole number that is not negative": "length 需要非负整数",
    "only numbers and texts have an order, not {}": "只有数字和文本可以比较大小，{} 不行",
    "a text is expected here, not {}": "这里应为文本，而不是 {}",
    "matches takes a pattern as text": "matches 需要文本形式的正则",
    "{} takes {} arguments, not {}": "{} 需要 {} 个参数，而不是 {} 个",
    "{} takes {}; {} arguments are given": "{} 需要 {}，但给了 {} 个参数",
    "{} takes no argument": "{} 不需要参数",
    "there are {} filters; {} are allowed": "有 {} 个过滤器，最多 {} 个",
    "there is no function {}": "没有函数 {}",
    "{} is missing": "缺少 {}",
    "not a pattern (RE2): {}": "不是有效的正则（RE2）：{}",
    "the pattern has {} characters; {} are allowed": "正则有 {} 个字符，最多 {} 个",
    "the pattern is too large once its repetitions are written out": "正则的重复展开后过大",
    "back-references are not supported: patterns run in linear time": "不支持反向引用：正则须在线性时间内执行",
    "the pattern has no group {}": "正则没有分组 {}",
    "not a JSONPath (RFC 9535): {}": "不是有效的 JSONPath（RFC 9535）：{}",
    "the path is nested too deep": "路径嵌套过深",
    "the path has {} characters; {} are allowed": "路径有 {} 个字符，最多 {} 个",
    "not a JMESPath: {}": "不是有效的 JMESPath：{}",
    "not an XPath: {}": "不是有效的 XPath：{}",
    "the expression has {} characters; {} are allowed": "表达式有 {} 个字符，最多 {} 个",
    "a JSON Schema is an object, true or false": "JSON Schema 须为对象、true 或 false",
    "the schema is nested deeper than {} levels": "schema 嵌套超过 {} 层",
    "the schema has {} characters; {} are allowed": "schema 有 {} 个字符，最多 {} 个",
    "a reference leaves the schema or leads nowhere: {}": "引用超出了 schema 或不存在：{}",
    "the schema cannot be used: {}": "schema 无法使用：{}",
    "{} is not one of {}": "{} 不在以下之列：{}",
    "the content is not base64": "内容不是 base64",
    "a content type is one line": "content type 须为一行",
    "the URL is relative and the environment has no base URL": "URL 是相对的，而环境没有 base URL",
    "the path asks for this parameter and it has no value": "路径需要此参数，但没有给出值",
    "the URL must begin with http:// or https://; no other scheme is sent": "URL 须以 http:// 或 https:// 开头",
    "two slashes and a host must follow the scheme": "协议后须为两个斜杠和主机名",
    "the URL has no host": "URL 没有主机名",
    "the host has characters that no host name can have": "主机名含有不允许的字符",
    "the host holds white space": "主机名含有空白",
    "the port is not a number from 1 to 65535": "端口须为 1 到 65535 的数字",
    "the URL holds a line break or another control character": "URL 含有换行或其他控制字符",
    "the host part of the URL holds a backslash": "URL 的主机部分含有反斜杠",
    "a HEAD request has no body": "HEAD 请求没有请求体",
    "a header's name is one word of letters, digits and !#$%&'*+-.^_`|~": "请求头名称须为由字母、数字和 !#$%&'*+-.^_`|~ 组成的一个词",  # noqa: E501 - stands together
    "a line break or control character in a header": "请求头含有换行或控制字符",
    "a cookie's name is one word without spaces, ; and =": "cookie 名称不能含空格、; 和 =",
    "a cookie's value holds no ; and no control characters": "cookie 的值不能含 ; 和控制字符",
    "a proxy is written http://host:port, https://host:port or socks5://host:port": "代理请写 http://host:port、https://host:port 或 socks5://host:port",  # noqa: E501 - stands together
}  # fmt: skip


def in_chinese(sentence: str) -> str:
    """The sentence in Chinese, with the same values in it; the sentence itself where nobody has translated it."""
    if sentence in _ZH:
        return _ZH[sentence]
    if len(sentence) > _LONGEST:
        return sentence
    meant = _MEANT.fullmatch(sentence)
    if meant is not None:
        return f"{in_chinese(meant[1])}；是否想写 `{meant[2]}`？"
    first, mark, near = sentence.rpartition(_CLOSEST)
    if mark:
        return f"{in_chinese(first)}；最接近的是：{near}"
    line = re.fullmatch(r"line (\d+): (.+)", sentence)
    if line is not None and not sentence.endswith(tuple("0123456789")):
        return f"第 {line[1]} 行：{in_chinese(line[2])}"
    for pattern, chinese in _patterns():
        found = pattern.fullmatch(sentence)
        if found is not None:
            return chinese.format(*found.groups())
    head, colon, description = sentence.partition(": ")
    return f"{in_chinese(head)}：{description}" if colon and in_chinese(head) != head else sentence


def warning_in_chinese(warning: str) -> str:
    """The same for a warning, which may begin with its place, `request.url: `; that stays, for programs to find."""
    placed = _PLACE.fullmatch(warning)
    if placed is not None:
        told = warning_in_chinese(placed[2])
        return warning if told == placed[2] else f"{placed[1]}: {told}"
    needing = _NEEDING.fullmatch(warning)
    return in_chinese(warning) if needing is None else f"{needing[1]} 需要 {needing[2]}：{in_chinese(needing[3])}"


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Those with something that varies: what is fixed in them longest first, so that the closest one fits."""
    varying = sorted((one for one in _ZH if "{}" in one), key=len, reverse=True)
    return [(re.compile("(.+?)".join(map(re.escape, one.split("{}"))), re.DOTALL), _ZH[one]) for one in varying]
