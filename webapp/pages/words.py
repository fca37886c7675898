"""What the pages before the canvas say, in English and in Simplified Chinese."""

from contextlib import AbstractContextManager

from django.http import HttpRequest
from django.utils.translation import get_language_from_request, override

_WORDS = {
    "sign_in": ("Sign in", "登录"),
    "name": ("Name", "用户名"),
    "password": ("Password", "密码"),
    "no_password": (
        "No password yet? The studio prints a sign-in link when it starts; this command prints another:",
        "还没有密码？工作室启动时会打印一个登录链接；以下命令可再打印一个：",
    ),
    "wrong_password": ("The name and the password don't go together.", "用户名与密码不匹配。"),
    "too_many": ("Too many wrong passwords. Try again in a quarter of an hour.", "密码错误次数过多，请一刻钟后再试。"),
    "join": ("Join", "加入"),
    "invited_as": ("You are invited as", "你受邀成为"),
    "viewer": ("viewer", "查看者"),
    "runner": ("runner", "运行者"),
    "editor": ("editor", "编辑者"),
    "owner": ("owner", "所有者"),
    "signed_in_as": ("You are signed in as", "当前登录身份："),
    "login_name": ("Name to sign in with", "登录用户名"),
    "your_name": ("Your name, as others see it", "你的名字（其他人会看到）"),
    "email": ("E-mail (optional)", "电子邮箱（可选）"),
    "have_account": ("Have an account? Sign in first", "已有账号？请先登录"),
    "set_password": ("Set a password", "设置密码"),
    "login_name_is": ("Your name to sign in with is", "你的登录用户名是"),
    "current_password": ("Current password", "当前密码"),
    "new_password": ("New password", "新密码"),
    "save": ("Save", "保存"),
    "home": ("Home", "首页"),
    "400": ("This request could not be read", "无法读取此请求"),
    "400_why": ("The address or the form was damaged on its way.", "地址或表单在传输途中受损。"),
    "400_do": ("Go back and try again.", "请返回后重试。"),
    "403": ("You may not do this", "你无权执行此操作"),
    "403_why": ("Your role in this workspace does not allow it.", "你在此工作区的角色不允许这样做。"),
    "403_do": ("Ask an owner of the workspace.", "请联系工作区的所有者。"),
    "404": ("Nothing here", "这里什么也没有"),
    "404_why": (
        "The address is wrong, or what it named is gone or not yours to see.",
        "地址有误，或所指的内容已不存在，或你无权查看。",
    ),
    "404_do": ("Start from the home page.", "请从首页开始。"),
    "500": ("The studio made a mistake", "工作室出错了"),
    "500_why": ("It was written to the log of the server.", "错误已写入服务器日志。"),
    "500_do": ("Try again; if it stays, tell whoever runs the studio.", "请重试；若仍出错，请告知工作室的管理者。"),
    "503": ("The database does not answer", "数据库没有响应"),
    "503_why": ("The studio keeps everything there.", "工作室的所有数据都保存在那里。"),
    "503_do": ("Try again in a few seconds.", "请几秒后重试。"),
    "not_built": ("The pages of the studio are not there yet", "工作室的页面尚未生成"),
    "not_built_why": ("The front end has not been built on this server.", "此服务器上尚未构建前端。"),
    "not_built_do": ("Run make run, which builds it.", "请运行 make run，它会完成构建。"),
    "link_used": ("This sign-in link was used already, or it is too old.", "此登录链接已被使用，或已过期。"),
    "link_do": (
        "Start the studio again, or run python manage.py entrylink, for a new one.",
        "请重新启动工作室，或运行 python manage.py entrylink 获取新链接。",
    ),
    "seat_gone": ("This invitation was used, withdrawn, or is too old.", "此邀请已被使用、撤回或已过期。"),
    "seat_do": ("Ask for another one.", "请索取新的邀请。"),
    "csrf_why": (
        "The form had grown too old, or it did not come from this site.",
        "表单已过期，或并非来自本站。",
    ),
    "csrf_do": ("Load the page again.", "请重新加载页面。"),
    "name_taken": (
        "Somebody has this name already. If it is you, sign in and open the link again.",
        "此用户名已被占用。如果是你本人，请登录后再次打开链接。",
    ),
}


def language_of(request: HttpRequest) -> str:
    """`en` or `zh`, as the browser asks."""
    return "zh" if get_language_from_request(request).startswith("zh") else "en"


def words(language: str) -> dict[str, str]:
    place = 1 if language == "zh" else 0
    return {name: said[place] for name, said in _WORDS.items()}


def speaking(request: HttpRequest) -> AbstractContextManager[None]:
    """Within it Django's own sentences, such as those about passwords, are in the reader's language too."""
    return override("zh-hans" if language_of(request) == "zh" else "en")


def spoken(request: HttpRequest) -> dict[str, object]:
    """For every template: `t`, the words, and `language` for the `lang` attribute."""
    language = language_of(request)
    return {"t": words(language), "language": "zh-Hans" if language == "zh" else "en"}
