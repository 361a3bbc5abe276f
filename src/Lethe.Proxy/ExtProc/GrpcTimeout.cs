using System.Globalization;

namespace Lethe.Proxy.ExtProc;

/// <summary>The <c>grpc-timeout</c> header: at most eight digits and a unit of H, M, S, m, u or n.</summary>
internal static class GrpcTimeout
{
    private const double HoursMax = 24 * 49;

    /// <summary>False when the header is absent or malformed: then there is no deadline.</summary>
    public static bool TryParse(string? text, out TimeSpan timeout)
    {
        timeout = default;
        if (text is not { Length: > 1 and <= 9 }
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
        {
            return false;
        }

        TimeSpan? parsed = text[^1] switch
        {
            // A timer takes no more than 49 days.
            'H' => TimeSpan.FromHours(Math.Min(amount, HoursMax)),
            'M' => TimeSpan.FromMinutes(Math.Min(amount, HoursMax * 60)),
            'S' => TimeSpan.FromSeconds(Math.Min(amount, HoursMax * 3600)),
            'm' => TimeSpan.FromMilliseconds(amount),
            'u' => TimeSpan.FromMicroseconds(amount),
            'n' => TimeSpan.FromMicroseconds(amount / 1000.0),
            _ => null,
        };
        timeout = parsed ?? default;
        return parsed is not null;
    }
}
