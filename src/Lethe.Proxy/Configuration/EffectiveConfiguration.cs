using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace Lethe.Proxy.Configuration;

/// <summary>The configuration in force as JSON: every option with its value, and YARP's section where there is one.</summary>
internal static class EffectiveConfiguration
{
    private const string Mask = "***";

    private static readonly string[] SecretWords = ["key", "token", "secret", "password", "authorization", "connectionstring", "credential", "cookie"];

    /// <summary>Members of YARP's transforms that hold a value, not a name.</summary>
    private static readonly string[] TransformValues = ["Set", "Append", "Value"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Render(LetheSettings settings)
    {
        var root = new JsonObject { [LetheOptions.Section] = Masked("", JsonSerializer.SerializeToNode(settings.Options)) };
        var proxy = settings.Configuration.GetSection("ReverseProxy");
        if (proxy.Exists())
        {
            root["ReverseProxy"] = Masked("", Tree(proxy));
        }

        return root.ToJsonString(Indented);
    }

    private static JsonNode? Tree(IConfigurationSection section)
    {
        if (!section.GetChildren().Any())
        {
            return section.Value;
        }

        var tree = new JsonObject();
        foreach (var child in section.GetChildren())
        {
            tree[child.Key] = Tree(child);
        }

        return tree;
    }

    private static JsonNode? Masked(string name, JsonNode? node, bool isTransform = false) => node switch
    {
        JsonObject tree => new JsonObject(tree.Select(pair => KeyValuePair.Create(
            pair.Key, Masked(pair.Key, pair.Value, isTransform || pair.Key.Equals("Transforms", StringComparison.OrdinalIgnoreCase))))),
        JsonArray list => new JsonArray([.. list.Select(item => Masked(name, item, isTransform))]),
        JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(IsSecret(name, isTransform) && text.Length > 0 ? Mask : WithoutUserInfo(text)),
        _ => node?.DeepClone(),
    };

    // What a transform sets may be a credential, whatever the header's name.
    private static bool IsSecret(string name, bool isTransform) =>
        Array.Exists(SecretWords, word => name.Contains(word, StringComparison.OrdinalIgnoreCase))
        || (isTransform && Array.Exists(TransformValues, word => name.Equals(word, StringComparison.OrdinalIgnoreCase)));

    /// <summary>An address may carry <c>user:password@</c>.</summary>
    public static string WithoutUserInfo(string text)
    {
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length > 0
            ? text.Replace(uri.UserInfo + "@", Mask + "@", StringComparison.Ordinal)
            : text;
    }
}
