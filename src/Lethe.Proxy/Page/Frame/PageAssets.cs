using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace Lethe.Proxy.Page.Frame;

/// <summary>
/// Styles and modules inside the executable. They are served under an address that holds the hash of all of them, for modules name each other by
/// relative addresses: nothing of two builds mixes.
/// </summary>
public sealed class PageAssets
{
    private const string Prefix = "Lethe.Proxy.Page.Assets.";
    private const int HashDigits = 16;

    private static readonly FrozenDictionary<string, string> MediaTypes = new Dictionary<string, string>
    {
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    /// <summary>What of the page is worth compressing, by its media type; streams of events and captured bodies are not the page's.</summary>
    public static IReadOnlyList<string> Compressible { get; } = ["text/html", "text/css", "text/javascript", "image/svg+xml"];

    private readonly FrozenDictionary<string, byte[]> assets;
    private readonly string hash;

    public PageAssets()
    {
        var assembly = typeof(PageAssets).Assembly;
        assets = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(
                name => name[Prefix.Length..],
                name =>
                {
                    using var stream = assembly.GetManifestResourceStream(name)!;
                    var bytes = new byte[stream.Length];
                    stream.ReadExactly(bytes);
                    return bytes;
                });
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, bytes) in assets.OrderBy(asset => asset.Key, StringComparer.Ordinal))
        {
            all.AppendData(Encoding.UTF8.GetBytes(name));
            all.AppendData(bytes);
        }

        hash = Convert.ToHexStringLower(all.GetHashAndReset())[..HashDigits];
    }

    /// <summary>Where the asset of that name is served.</summary>
    public string Address(string name) => $"/assets/{hash}/{name}";

    /// <summary>The page's styles, for a file that stands alone.</summary>
    internal string Styles => Encoding.UTF8.GetString(assets["page.css"]);

    /// <param name="hash">That in the address; null where the address has none.</param>
    /// <returns>The bytes and the media type; null where there is no such asset, or it is that of another build.</returns>
    internal (byte[] Bytes, string MediaType)? Find(string name, string? hash) =>
        (hash is null || hash == this.hash) && assets.TryGetValue(name, out var bytes) ? (bytes, MediaTypes[Path.GetExtension(name)]) : null;
}
