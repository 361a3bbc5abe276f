using System.CommandLine;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>--since</c> and <c>--until</c>: an instant (RFC 3339, or a date, UTC) or a time ago (<c>90s</c>, <c>30m</c>, <c>2h</c>, <c>7d</c>).</summary>
internal static class TimeOption
{
    public static Option<string?> Since() => new("--since") { Description = "Only from then on: an RFC 3339 time, a date, or 30m, 2h, 7d ago.", HelpName = "T" };

    public static Option<string?> Until() => new("--until") { Description = "Only what was before: as --since.", HelpName = "T" };

    /// <exception cref="CommandFailure">It is neither.</exception>
    public static DateTimeOffset? Read(string? text, TimeProvider time)
    {
        if (text is null)
        {
            return null;
        }

        if (TimeText.TryParse(text, time.GetUtcNow(), out var since))
        {
            return since;
        }

        throw CommandFailure.Usage($"'{text}' is neither a time (2026-01-31, 2026-01-31T12:00:00Z) nor a time ago (30m, 2h, 7d).");
    }
}
