using System.Globalization;

namespace Lethe.Proxy.Reading;

/// <summary>A point in time as a reader names it: an instant (RFC 3339, or a date, UTC) or a time ago (<c>90s</c>, <c>30m</c>, <c>2h</c>, <c>7d</c>).</summary>
internal static class TimeText
{
    public static bool TryParse(string text, DateTimeOffset now, out DateTimeOffset time)
    {
        time = default;
        if (text.Length > 1 && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && Seconds(text[^1]) is { } seconds)
        {
            var ago = count * (double)seconds;
            time = ago < (now - DateTimeOffset.UnixEpoch).TotalSeconds ? now.AddSeconds(-ago) : DateTimeOffset.UnixEpoch;
            return true;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
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
