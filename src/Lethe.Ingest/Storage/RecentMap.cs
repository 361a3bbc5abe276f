using System.Diagnostics.CodeAnalysis;

namespace Lethe.Ingest.Storage;

/// <summary>What was lately looked up, in two generations: what is asked for stays, the rest is forgotten a generation later.</summary>
internal sealed class RecentMap<TKey, TValue>(int generationCountMax)
    where TKey : notnull
{
    private Dictionary<TKey, TValue> young = [];
    private Dictionary<TKey, TValue> old = [];

    public TValue this[TKey key]
    {
        set => young[key] = value;
    }

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (young.TryGetValue(key, out value))
        {
            return true;
        }

        if (!old.Remove(key, out value))
        {
            return false;
        }

        young[key] = value;
        return true;
    }

    public void Remove(TKey key)
    {
        young.Remove(key);
        old.Remove(key);
    }

    /// <summary>Forgets the older generation when the younger is full. Called between transactions only.</summary>
    public void Age()
    {
        if (young.Count >= generationCountMax)
        {
            (young, old) = (old, young);
            young.Clear();
        }
    }

    public void Clear()
    {
        young = [];
        old = [];
    }
}
