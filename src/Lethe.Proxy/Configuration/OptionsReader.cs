using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Lethe.Proxy.Configuration;

/// <summary>
/// Binds a section to its options class. Unlike the framework's binder it goes on after the first error, and takes a key
/// that no property has for the spelling mistake it is.
/// </summary>
internal sealed class OptionsReader
{
    private readonly List<string> errors = [];

    /// <summary>Fills <paramref name="options"/>; returns an error for each key that does not fit, naming it.</summary>
    public static IReadOnlyList<string> Read(IConfigurationSection section, object options)
    {
        var reader = new OptionsReader();
        reader.ReadObject(section, options);
        return reader.errors;
    }

    private void ReadObject(IConfigurationSection section, object target)
    {
        if (section.Value is { Length: > 0 })
        {
            errors.Add($"{section.Path}: takes keys below it, not a value.");
            return;
        }

        var properties = target.GetType().GetProperties().Where(property => property.CanWrite).ToArray();
        foreach (var child in section.GetChildren())
        {
            var property = Array.Find(properties, candidate => candidate.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                errors.Add($"{child.Path}: no such key; here are {string.Join(", ", properties.Select(known => known.Name))}.");
            }
            else
            {
                ReadProperty(child, property, target);
            }
        }
    }

    private void ReadProperty(IConfigurationSection section, PropertyInfo property, object target)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(string[]))
        {
            property.SetValue(target, ReadList(section));
        }
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>))
        {
            ReadDictionary(section, (System.Collections.IDictionary)property.GetValue(target)!, type.GetGenericArguments()[1]);
        }
        else if (type != typeof(string) && type.IsClass)
        {
            ReadObject(section, property.GetValue(target)!);
        }
        else if (section.Value is null)
        {
            errors.Add($"{section.Path}: takes a value, not keys below it.");
        }
        else if (Convert(section.Value, type) is { } value)
        {
            property.SetValue(target, value);
        }
        else
        {
            errors.Add($"{section.Path}: '{section.Value}' is not {(type == typeof(bool) ? "true or false" : type == typeof(double) ? "a number" : "a whole number in range")}.");
        }
    }

    private void ReadDictionary(IConfigurationSection section, System.Collections.IDictionary target, Type valueType)
    {
        foreach (var child in section.GetChildren())
        {
            if (valueType == typeof(string))
            {
                target[child.Key] = child.Value ?? "";
                continue;
            }

            var value = Activator.CreateInstance(valueType)!;
            ReadObject(child, value);
            target[child.Key] = value;
        }
    }

    private static string[] ReadList(IConfigurationSection section) => section.Value is { } line
        ? line.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        : [.. section.GetChildren().Select(child => child.Value ?? "")];

    private static object? Convert(string text, Type type)
    {
        if (type == typeof(string))
        {
            return text;
        }

        if (type == typeof(bool))
        {
            return bool.TryParse(text, out var flag) ? flag : null;
        }

        if (type == typeof(int))
        {
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
        }

        if (type == typeof(long))
        {
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
        }

        if (type == typeof(double))
        {
            return double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;
        }

        throw new NotSupportedException($"No reader for options of type {type.Name}.");
    }
}
