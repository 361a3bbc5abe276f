using System.Globalization;

namespace Lethe.Ingest.Meaning;

/// <summary>Time as the store keeps it: whole microseconds since the Unix epoch, UTC.</summary>
internal static class Microseconds
{
    public static long Of(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    public static long? Of(TimeSpan? span) => span is { } known ? known.Ticks / TimeSpan.TicksPerMicrosecond : null;

    public static DateTimeOffset ToTime(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>RFC 3339 with microseconds and a Z.</summary>
    public static string ToText(long microseconds) => ToTime(microseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
