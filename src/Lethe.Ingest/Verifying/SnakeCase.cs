using System.Text.Json;

namespace Lethe.Ingest.Verifying;

/// <summary>An enumeration's value as the outside sees it.</summary>
public static class SnakeCase
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
