using System.CommandLine;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>--utc</c>: a terminal's times are local without it. JSON is always UTC.</summary>
internal static class UtcOption
{
    public static Option<bool> Create() => new("--utc") { Description = "Times in UTC, not in local time." };

    public static Clock Clock(this ParseResult line, Option<bool> utc) => line.GetValue(utc) ? Terminal.Clock.Utc : Terminal.Clock.Local;
}
