using System.Collections.Frozen;

namespace Lethe.Capture.Redaction;

/// <summary>Masks the values of query parameters that carry secrets; the rest of the query stays as it is, byte for byte.</summary>
internal static class QueryMask
{
    private const string Mark = "[redacted]";

    private static readonly FrozenSet<string> SecretNames =
        "access_token accesstoken apikey client_secret code id_token jwt key passwd pwd refresh_token session_token sid sig sign signature subscription-key"
            .Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] CredentialNames = ["key", "api_key", "api-key", "apikey", "access_token", "token", "subscription-key", "x-amz-credential"];

    public static string Apply(string query) => query.Contains('=', StringComparison.Ordinal)
        ? string.Join('&', query.Split('&').Select(MaskParameter))
        : query;

    /// <summary>The parameter that a client put its key into, or null.</summary>
    public static string? FindCredential(string query)
    {
        foreach (var wanted in CredentialNames)
        {
            foreach (var parameter in query.TrimStart('?').Split('&'))
            {
                var (name, value) = Split(parameter);
                if (value.Length > 0 && value != Mark && string.Equals(name, wanted, StringComparison.OrdinalIgnoreCase))
                {
                    var plain = Uri.UnescapeDataString(value);
                    return wanted == "x-amz-credential" ? Credentials.AccessKeyId(plain) : plain;
                }
            }
        }

        return null;
    }

    private static string MaskParameter(string parameter)
    {
        var (name, value) = Split(parameter.TrimStart('?'));
        return value.Length > 0 && (SecretNames.Contains(name) || HeaderAllowList.SaysSecret(name))
            ? parameter[..^value.Length] + Mark
            : parameter;
    }

    private static (string Name, string Value) Split(string parameter)
    {
        var equals = parameter.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (parameter, "") : (Uri.UnescapeDataString(parameter[..equals]), parameter[(equals + 1)..]);
    }
}
