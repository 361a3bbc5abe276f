using System.Globalization;

namespace Lethe.Proxy.Terminal;

/// <summary>Times as a terminal shows them: in the zone of whoever reads.</summary>
internal sealed class Clock(TimeZoneInfo zone)
{
    public static Clock Local { get; } = new(TimeZoneInfo.Local);

    public static Clock Utc { get; } = new(TimeZoneInfo.Utc);

    /// <summary>To the second; a dash when unknown.</summary>
    public string Moment(DateTimeOffset? at) => at is { } known ? Here(known).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "-";

    /// <summary>A time as records have it (RFC 3339).</summary>
    public string Moment(string recorded) => Moment(Parse(recorded));

    /// <summary>The time of day of a time as records have it (RFC 3339).</summary>
    public string TimeOfDay(string recorded) => Here(Parse(recorded)).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private static DateTimeOffset Parse(string recorded) => DateTimeOffset.Parse(recorded, CultureInfo.InvariantCulture);

    private DateTimeOffset Here(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, zone);
}
