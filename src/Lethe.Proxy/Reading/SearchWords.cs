using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>The words of a search as the outside writes them.</summary>
internal static class SearchWords
{
    public const int LimitDefault = 50;

    /// <summary>The names of <see cref="SearchPart"/>.</summary>
    public static IReadOnlyList<string> Parts { get; } = [.. Enum.GetValues<SearchPart>().Select(PartName)];

    public static string PartName(SearchPart part) => part.ToString().ToLowerInvariant();

    public static SearchPart? TryPart(string name) => Parts.Contains(name, StringComparer.Ordinal) ? Enum.Parse<SearchPart>(name, ignoreCase: true) : null;

    /// <summary>Where a text is no query, and why.</summary>
    public static string Fault(SearchFault fault) => $"at character {fault.Position}: {fault.Why}.";
}
