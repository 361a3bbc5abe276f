using System.CommandLine.Parsing;
using System.Globalization;

namespace Lethe.Proxy.Commands;

/// <summary><c>--expires</c>: a number and a unit, <c>90m</c>, <c>12h</c>, <c>30d</c>.</summary>
internal static class TokenLifetime
{
    private const int DaysMax = 10 * 366;

    public static TimeSpan? Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && Unit(text[^1]) is { } unit
            && count * unit is { Ticks: > 0 } lifetime && lifetime.TotalDays <= DaysMax)
        {
            return lifetime;
        }

        result.AddError($"--expires: '{text}' is not a time like 12h or 30d, of ten years at most.");
        return null;
    }

    private static TimeSpan? Unit(char unit) => unit switch
    {
        'm' => TimeSpan.FromMinutes(1),
        'h' => TimeSpan.FromHours(1),
        'd' => TimeSpan.FromDays(1),
        _ => null,
    };
}
