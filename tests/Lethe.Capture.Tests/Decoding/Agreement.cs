using System.Globalization;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>How far two decoders agree, dialect by dialect and field by field.</summary>
internal sealed class Agreement
{
    /// <summary>A dialect with fewer records says too little for a share.</summary>
    private const int RecordsMin = 10;

    private readonly SortedDictionary<string, SortedDictionary<string, (int Compared, int Differ)>> fields = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> records = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> notSpoken = new(StringComparer.Ordinal);

    /// <summary>Disagreements that the table does not have.</summary>
    public List<string> Unlisted { get; } = [];

    /// <summary>Disagreements that the table has.</summary>
    public HashSet<(string Id, string Field)> Met { get; } = [];

    public void NotSpoken(string dialect) => notSpoken[dialect] = notSpoken.GetValueOrDefault(dialect) + 1;

    public void Add(string dialect, string id, IReadOnlyList<(string Field, string? Expected, string? Actual)> compared)
    {
        records[dialect] = records.GetValueOrDefault(dialect) + 1;
        var counts = fields.TryGetValue(dialect, out var known) ? known : fields[dialect] = new(StringComparer.Ordinal);
        foreach (var (field, expected, actual) in compared)
        {
            var differs = expected != actual;
            var (all, differ) = counts.GetValueOrDefault(field);
            counts[field] = (all + 1, differ + (differs ? 1 : 0));
            if (differs && SharedDisagreements.Explains(id, field))
            {
                Met.Add((id, field));
            }
            else if (differs)
            {
                Unlisted.Add($"{id} {dialect} {field}: expected {expected}, was {actual}");
            }
        }
    }

    /// <summary>Fields of which less than so much agrees in a dialect. What went wrong is told in words that the two choose otherwise; each such difference has its reason in the table.</summary>
    public List<string> Below(int percent) =>
    [
        .. from dialect in fields
           where records[dialect.Key] >= RecordsMin
           from field in dialect.Value
           where field.Key != "error" && field.Value.Differ * 100 > field.Value.Compared * (100 - percent)
           select $"{dialect.Key} {field.Key}: {field.Value.Differ} of {field.Value.Compared} differ",
    ];

    /// <summary>Dialects that nobody here speaks.</summary>
    public IEnumerable<string> NotSpokenAtAll => notSpoken.Keys;

    public List<string> Lines() =>
    [
        .. Unlisted,
        .. notSpoken.Select(dialect => string.Create(CultureInfo.InvariantCulture, $"{dialect.Key}: {dialect.Value} records, not spoken")),
        .. fields.Select(dialect => string.Create(
            CultureInfo.InvariantCulture,
            $"{dialect.Key}: {records[dialect.Key]} records, {dialect.Value.Values.Sum(field => field.Compared)} fields, {dialect.Value.Values.Sum(field => field.Differ)} differ {string.Join(' ', dialect.Value.Where(field => field.Value.Differ > 0).Select(field => $"{field.Key}={field.Value.Differ}"))}")),
    ];
}
