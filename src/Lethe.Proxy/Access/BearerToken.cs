using System.Security.Cryptography;
using System.Text;

namespace Lethe.Proxy.Access;

/// <summary>The text that its bearer shows: <c>lethe_ID_SECRET</c>, 16 and 64 hex digits.</summary>
internal readonly record struct BearerToken(string Id, string Secret)
{
    private const string Start = "lethe_";
    private const int IdBytes = 8;
    private const int SecretBytes = 32;

    public string SecretSha256 => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Secret)));

    public static BearerToken Create() => new(RandomNumberGenerator.GetHexString(IdBytes * 2, lowercase: true), RandomNumberGenerator.GetHexString(SecretBytes * 2, lowercase: true));

    public static bool TryParse(string text, out BearerToken token)
    {
        token = default;
        if (!text.StartsWith(Start, StringComparison.Ordinal) || text.Length != Start.Length + (IdBytes * 2) + 1 + (SecretBytes * 2) || text[Start.Length + (IdBytes * 2)] != '_')
        {
            return false;
        }

        token = new BearerToken(text.Substring(Start.Length, IdBytes * 2), text[^(SecretBytes * 2)..]);
        return true;
    }

    public override string ToString() => $"{Start}{Id}_{Secret}";
}
