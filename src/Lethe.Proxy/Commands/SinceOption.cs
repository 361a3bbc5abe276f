using System.CommandLine;
using System.Globalization;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>--since</c>: an instant (RFC 3339, or a date, UTC) or a time ago (<c>90s</c>, <c>30m</c>, <c>2h</c>, <c>7d</c>).</summary>
internal static class SinceOption
{
    public static Option<string?> Create() => new("--since") { Description = "Only from then on: an RFC 3339 time, a date, or 30m, 2h, 7d ago.", HelpName = "T" };

    /// <exception cref="CommandFailure">It is neither.</exception>
    public static DateTimeOffset? Read(string? text, TimeProvider time)
    {
        if (text is null)
        {
            return null;
        }

        if (TryParse(text, time.GetUtcNow(), out var since))
        {
            return since;
        }

        throw CommandFailure.Usage($"'{text}' is neither a time (2026-01-31, 2026-01-31T12:00:00Z) nor a time ago (30m, 2h, 7d).");
    }

    public static bool TryParse(string text, DateTimeOffset now, out DateTimeOffset since)
    {
        since = default;
        if (text.Length > 1 && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && Seconds(text[^1]) is { } seconds)
        {
            var ago = count * (double)seconds;
            since = ago < (now - DateTimeOffset.UnixEpoch).TotalSeconds ? now.AddSeconds(-ago) : DateTimeOffset.UnixEpoch;
            return true;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out since);
    }

    private static int? Seconds(char unit) => unit switch
    {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => null,
    };
}
