using System.Collections.Frozen;
using System.Text;

namespace Lethe.Capture.Redaction;

/// <summary>Masks the values of query parameters that carry secrets; the rest of the query stays as it is, byte for byte.</summary>
internal static class QueryMask
{
    private const string Mark = "[redacted]";

    private static readonly FrozenSet<string> SecretNames =
        ("accesskey accesstoken apikey apitoken authkey authtoken bearertoken clientsecret code idtoken jwt key passwd privatekey pwd refreshtoken secretkey "
            + "sessionid sessionkey sessiontoken sid sig sign signature subscriptionkey")
            .Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] CredentialNames = ["key", "apikey", "accesstoken", "token", "subscriptionkey", "x-amz-credential"];

    /// <summary>An address, as <c>Referer</c> has it, with its query and its fragment masked.</summary>
    public static string ApplyToAddress(string address)
    {
        var parameters = address.AsSpan().IndexOfAny('?', '#');
        return parameters < 0 ? address : address[..parameters] + Apply(address[parameters..]);
    }

    public static string Apply(string query)
    {
        if (!query.Contains('=', StringComparison.Ordinal))
        {
            return query;
        }

        var masked = new StringBuilder(query.Length);
        foreach (var range in query.AsSpan().SplitAny('&', '#', '?'))
        {
            masked.Append(MaskParameter(query[range]));
            if (range.End.Value < query.Length)
            {
                masked.Append(query[range.End.Value]);
            }
        }

        return masked.ToString();
    }

    /// <summary>The parameter that a client put its key into, or null.</summary>
    public static string? FindCredential(string query)
    {
        foreach (var wanted in CredentialNames)
        {
            foreach (var parameter in query.TrimStart('?').Split('&'))
            {
                var (name, value) = Split(parameter);
                if (value.Length > 0 && value != Mark && (name.Equals(wanted, StringComparison.OrdinalIgnoreCase) || Bare(name).Equals(wanted, StringComparison.OrdinalIgnoreCase)))
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
        var (name, value) = Split(parameter);
        return value.Length > 0 && (SecretNames.Contains(Bare(name)) || HeaderAllowList.SaysSecret(name))
            ? parameter[..^value.Length] + Mark
            : parameter;
    }

    // api_key, api-key, apiKey
    private static string Bare(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit));

    private static (string Name, string Value) Split(string parameter)
    {
        var equals = parameter.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (parameter, "") : (Uri.UnescapeDataString(parameter[..equals]), parameter[(equals + 1)..]);
    }
}
