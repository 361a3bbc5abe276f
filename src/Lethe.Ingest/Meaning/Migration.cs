using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lethe.Ingest.Meaning;

/// <summary>One numbered step of the schema, embedded as <c>Migrations/NNNN_name.sql</c> beside its store.</summary>
internal sealed record Migration(int Version, string Name, string Sql)
{
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>All steps of a store, in order.</summary>
    /// <param name="store">The namespace beside which they lie.</param>
    public static IReadOnlyList<Migration> Load(string store)
    {
        var assembly = typeof(Migration).Assembly;
        var prefix = $"{store}.Migrations.";
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                var file = name[prefix.Length..^".sql".Length];
                return new Migration(int.Parse(file.AsSpan(0, 4), CultureInfo.InvariantCulture), file[5..], reader.ReadToEnd());
            })];
    }
}
